'use strict';
/** What a page misses while it loads: how things stood when it went, and what has happened since, in its order. */

/** Events that are out of date by the time that a page is back. */
const REPEATING = ['onUserVoiceVolume', 'onStatistics', 'onNetworkQuality', 'onTestMicVolume', 'onTestSpeakerVolume', 'onPlayProgress', 'onLocalRecording'];

/** The newest that are kept of those that change nothing about the room. */
const MOST_MESSAGES = 1000;
const MESSAGES = ['onRecvCustomCmdMsg', 'onRecvSEIMsg', 'onMissCustomCmdMsg', 'onWarning'];

class Backlog {
  /** `story`: events that tell how things stand now. */
  constructor(story) {
    this.story = story;
    this.since = [];
    this.messages = 0;
  }

  add(event) {
    if (REPEATING.includes(event.name)) return;
    this.since.push(event);
    if (MESSAGES.includes(event.name)) this.messages += 1;
    if (this.messages <= MOST_MESSAGES) return;
    this.since.splice(this.since.findIndex(({ name }) => MESSAGES.includes(name)), 1);
    this.messages -= 1;
  }

  get events() {
    return this.story.concat(this.since);
  }
}

module.exports = { Backlog };
