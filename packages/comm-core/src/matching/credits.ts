import { CREDIT_BYTES, CREDIT_MESSAGES } from './limits.ts';

/** Eager messages this rank may still send to one peer. Without credit it announces them instead. */
export class SendCredits {
  private messages = CREDIT_MESSAGES;
  private bytes = CREDIT_BYTES;

  spend(length: number): boolean {
    if (this.messages === 0 || this.bytes < length) return false;
    this.messages--;
    this.bytes -= length;
    return true;
  }

  /** False when the peer returns more than was spent. */
  refill(messages: number, bytes: number): boolean {
    if (!(bytes >= 0 && this.bytes + bytes <= CREDIT_BYTES && this.messages + messages <= CREDIT_MESSAGES))
      return false;
    this.messages += messages;
    this.bytes += bytes;
    return true;
  }
}

/** Eager messages of one peer that lie here, and those received since credits were returned last. */
export class ReceiveCredits {
  private messages = 0;
  private bytes = 0;
  owedMessages = 0;
  owedBytes = 0;

  /** False when the peer sends more than it has credit for. */
  hold(length: number): boolean {
    if (this.messages === CREDIT_MESSAGES || this.bytes + length > CREDIT_BYTES) return false;
    this.messages++;
    this.bytes += length;
    return true;
  }

  /** True when half of the peer's credit waits to be returned: seldom enough to cost nothing, early enough not to stall it. */
  consume(length: number): boolean {
    this.owedBytes += length;
    return ++this.owedMessages >= CREDIT_MESSAGES / 2 || this.owedBytes >= CREDIT_BYTES / 2;
  }

  returned(): void {
    this.messages -= this.owedMessages;
    this.bytes -= this.owedBytes;
    this.owedMessages = 0;
    this.owedBytes = 0;
  }
}
