/** For Electron's main process, before it opens a window: `require('trtc-electron-sdk/main')` is all that most apps need. */

/** Further origins (`https://app.example.com`) whose pages may use the backend; to be said before the first of them does. */
export declare function allowOrigin(origin: string): void;

/**
 * Where the room service is (`wss://rooms.example.com/signal`), in place of the environment's `PYBACKEND_ROOMS`.
 * A backend that runs is replaced: who is in a room is out of it (`onExitRoom`). Throws TypeError for what is no such address.
 */
export declare function useRooms(address: string): void;
