/** How to make an equal instance of a builtin class: the class and the arguments of its constructor. */
export type Construction = readonly [builtin: object, ...args: unknown[]];

interface IntlFormat {
  resolvedOptions(): { readonly locale: string };
}

const INTL = new Map<object, object>(
  [
    Intl.NumberFormat,
    Intl.DateTimeFormat,
    Intl.Collator,
    Intl.PluralRules,
    Intl.RelativeTimeFormat,
    Intl.ListFormat,
    Intl.Segmenter,
    Intl.DisplayNames,
  ].map((builtin) => [builtin.prototype, builtin]),
);

/** Builtin instances that keep no state besides what they were made from. */
export function constructionOf(value: object): Construction | undefined {
  const prototype: object | null = Object.getPrototypeOf(value);
  switch (prototype) {
    case null:
      return undefined;
    case URL.prototype:
      return [URL, (value as URL).href];
    case URLSearchParams.prototype:
      return [URLSearchParams, String(value)];
    case TextEncoder.prototype:
      return [TextEncoder];
    case TextDecoder.prototype: {
      const { encoding, fatal, ignoreBOM } = value as InstanceType<typeof TextDecoder>;
      return [TextDecoder, encoding, { fatal, ignoreBOM }];
    }
    default: {
      const builtin = INTL.get(prototype);
      if (!builtin) return undefined;
      const { locale, ...options } = (value as IntlFormat).resolvedOptions();
      return [builtin, locale, options];
    }
  }
}
