'use strict';
/**
 * Whether a page goes. That a navigation starts does not say so: a download, an answer without content, and one that the
 * application forbids leave the page where it is.
 */

const ABORTED = -3; // Chromium's code of a load that was called off; any other failure shows a page of its own

/** `starts()`, then `goes()` when another document has taken the page's place, or `stays()`. */
function navigation(contents, { starts, goes, stays }) {
  let under = false;
  const over = (how) => {
    if (!under) return;
    under = false;
    how();
  };
  contents.on('did-start-navigation', (details, url, inPlace, isMainFrame) => {
    const same = inPlace === undefined ? details.isSameDocument : inPlace;
    if (same || !(isMainFrame === undefined ? details.isMainFrame : isMainFrame)) return;
    under = true;
    starts();
  });
  contents.on('did-navigate', () => over(goes));
  contents.on('did-fail-load', (event, code, text, url, isMainFrame) => isMainFrame && code !== ABORTED && over(goes));
  contents.on('did-stop-loading', () => over(stays));
}

module.exports = { navigation };
