// Refused commands. The server mostly says itself why, before or after it answers; what it did not say is told here. Pure.

/** So much is remembered of what was said and answered. */
const KEPT_MAX = 16;

export class Refusals {
  private messages: string[] = [];
  private reasons: string[] = [];

  /** The server says something; answers whether it is to be shown. */
  says(message: string): boolean {
    const known = this.reasons.find((reason) => message.includes(reason));
    if (known !== undefined) {
      this.reasons = this.reasons.filter((reason) => reason !== known);
      return false;
    }
    this.messages = [...this.messages, message].slice(-KEPT_MAX);
    return true;
  }

  /** It refuses a command; answers whether that is to be shown. */
  refuses(reason: string): boolean {
    const known = this.messages.findIndex((message) => message.includes(reason));
    if (known >= 0) {
      this.messages = this.messages.filter((_, nth) => nth !== known);
      return false;
    }
    this.reasons = [...this.reasons, reason].slice(-KEPT_MAX);
    return true;
  }
}
