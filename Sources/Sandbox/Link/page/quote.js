// A quote that renews itself before it expires. Prices move; what a person confirms is never older than half a minute.

const renewalSeconds = 30;
// Left for the answer of the renewal to arrive before the old quote is worthless.
const marginSeconds = 5;

/** After how many seconds a quote with this life is renewed. */
export const renewalDelay = (expiresIn) =>
  Math.max(marginSeconds, Math.min(renewalSeconds, (Number(expiresIn) || renewalSeconds) - marginSeconds));

export class Quote {
  /**
   * `fetch()` answers with a new preview; `onNew(preview, old)`, `onError(error)` and `onTick(seconds, share)` say what
   * happened. Time comes from `timer`, so that a test can play it.
   */
  constructor(preview, { fetch, onNew, onError, onTick, timer = globalThis, isHidden = () => false, age = 0 }) {
    Object.assign(this, { preview, fetch, onNew, onError, onTick, timer, isHidden });
    this.isStopped = false;
    this.isRenewing = false;
    this.#start(age);
  }

  #start(age = 0) {
    this.delay = renewalDelay(this.preview.previewExpiresIn);
    this.left = Math.max(1, this.delay - Math.floor(age));
    this.interval ??= this.timer.setInterval(() => this.#tick(), 1000);
    this.onTick(this.left, this.left / this.delay);
  }

  #tick() {
    if (this.isStopped || this.isRenewing) return;
    this.left = Math.max(0, this.left - 1);
    this.onTick(this.left, this.left / this.delay);
    // Nobody looks at a hidden page: its quote is renewed when they do again.
    if (this.left === 0 && !this.isHidden()) this.renew();
  }

  /** Asks for a new quote now. */
  async renew() {
    if (this.isStopped || this.isRenewing) return;
    this.isRenewing = true;
    try {
      const preview = await this.fetch();
      if (this.isStopped) return;
      const old = this.preview;
      this.preview = preview;
      this.onNew(preview, old);
    } catch (error) {
      if (!this.isStopped) this.onError(error);
    } finally {
      this.isRenewing = false;
      if (!this.isStopped) this.#start();
    }
  }

  stop() {
    this.isStopped = true;
    this.timer.clearInterval(this.interval);
  }
}
