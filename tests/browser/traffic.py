"""What a page is still waiting for. Playwright's own "networkidle" always waits half a second more, and hearing of each of a page's hundreds of
requests takes the processor a tenth of all that is done in the browser: so the page itself counts what its scripts have asked for."""

from playwright.sync_api import BrowserContext, Error, Page

MOMENT = 40  # milliseconds in which an answer is put into the page and asks for the next one
PATIENCE = 20_000  # milliseconds
COUNTING = """{
  window.askedFor = 0;  // what has no whole answer yet; the next page, once this one is being left
  const ask = window.fetch, send = XMLHttpRequest.prototype.send, begun = () => { window.askedFor++; }, done = () => { window.askedFor--; };
  window.fetch = async (...words) => {
    begun();
    try {
      const answer = await ask(...words);
      answer.clone().blob().catch(() => {}).finally(done);
      return answer;
    } catch (error) {
      done();
      throw error;
    }
  };
  XMLHttpRequest.prototype.send = function (...words) {
    begun();
    this.addEventListener('loadend', done, { once: true });
    return send.apply(this, words);
  };
  addEventListener('beforeunload', begun);
}"""
STILL = """async ([moment, moments]) => {
  for (let still = 0; still < 2; still = window.askedFor ? 0 : still + 1) {
    if (!moments--) throw new Error(`${window.askedFor} requests are without an answer`);
    await new Promise((done) => { setTimeout(done, moment); });
  }
}"""


def watch(context: BrowserContext) -> None:
    """Every page of this profile counts."""
    context.add_init_script(COUNTING)


def quiet(page: Page) -> None:
    """Until the page is there with all its parts, everything its scripts asked for has been answered and no answer has led to another question."""
    while True:
        page.wait_for_load_state()
        try:
            page.evaluate(STILL, [MOMENT, PATIENCE // MOMENT])
        except Error as error:
            if "context was destroyed" not in error.message:
                raise
            continue  # another page has come
        return
