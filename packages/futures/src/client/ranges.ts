/** Numbers as pairs (first, count), ascending. */
export function toRanges(numbers: number[]): number[] {
  numbers.sort((a, b) => a - b);
  const ranges: number[] = [];
  for (const number of numbers) {
    const last = ranges.length - 2;
    if (last >= 0 && ranges[last]! + ranges[last + 1]! === number) ranges[last + 1]!++;
    else ranges.push(number, 1);
  }
  return ranges;
}
