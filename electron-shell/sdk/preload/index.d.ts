/** A preload script for pages without Node: nothing is exported. */
export {};
