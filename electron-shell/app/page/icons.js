'use strict';
/** Lines in a square of 24: drawn with the colour of the text around them. */

const MICROPHONE = ['M12 3a3 3 0 0 0-3 3v5.5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3z', 'M5.5 11.5a6.5 6.5 0 0 0 13 0', 'M12 18v3'];
const CAMERA = ['M4.5 6.5h9a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-9a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2z', 'M15.5 10.6l6-3.1v9l-6-3.1'];
const SPEAKER = ['M3.5 9.5v5h3.6l4.9 4v-13l-4.9 4z', 'M15.5 9.2a4 4 0 0 1 0 5.6', 'M18 6.6a7.6 7.6 0 0 1 0 10.8'];
const SLASH = 'M4 3.5l16.5 17';

module.exports = {
  camera: CAMERA,
  'camera-off': CAMERA.concat(SLASH),
  check: ['M5 12.5l4.5 4.5L19 7.5'],
  chevron: ['M7 10l5 5 5-5'],
  close: ['M6 6l12 12', 'M18 6L6 18'],
  devices: ['M3.5 7.5h8', 'M17.5 7.5h3', 'M14.5 5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z', 'M3.5 16.5h3', 'M12.5 16.5h8', 'M9.5 14a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z'],
  door: ['M14 4H6v16h8', 'M10.5 12h10', 'M17 8.5l3.5 3.5-3.5 3.5'],
  leave: ['M3 15.2v-1.4c0-1 .4-1.9 1.2-2.5A13.3 13.3 0 0 1 12 8.8c2.9 0 5.6.9 7.8 2.5.8.6 1.2 1.5 1.2 2.5v1.4c0 .8-.7 1.3-1.5 1.1l-2.9-.7c-.6-.1-1-.6-1-1.2v-1.8a10.8 10.8 0 0 0-7.2 0v1.8c0 .6-.4 1.1-1 1.2l-2.9.7c-.8.2-1.5-.3-1.5-1.1z'],
  lock: ['M6 11h12v9H6z', 'M8.5 11V8a3.5 3.5 0 0 1 7 0v3'],
  log: ['M9 6h11', 'M9 12h11', 'M9 18h11', 'M4.5 6h.01', 'M4.5 12h.01', 'M4.5 18h.01'],
  microphone: MICROPHONE,
  'microphone-off': MICROPHONE.concat(SLASH),
  people: ['M9 5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z', 'M2.5 20c.4-3.3 3-5.5 6.5-5.5s6.1 2.2 6.5 5.5', 'M16 5.2a3.5 3.5 0 0 1 0 6.6', 'M18.5 15c1.7.9 2.7 2.7 3 5'],
  screen: ['M3 5h18v11.5H3z', 'M8.5 20h7', 'M12 16.5V20'],
  speaker: SPEAKER,
  'speaker-off': [SPEAKER[0], 'M16 9.5l5 5', 'M21 9.5l-5 5'],
  statistics: ['M5 20v-7', 'M12 20V4', 'M19 20v-11'],
  warning: ['M12 4L2.8 20h18.4z', 'M12 10v4.5', 'M12 17.3h.01'],
};
