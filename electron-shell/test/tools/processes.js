'use strict';
/** Whether processes are there, by their numbers. */
const { spawnSync } = require('child_process');

/** Whether it is there at all, be it as a zombie. */
function exists(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return false;
  }
}

/** Whether it runs. An orphan that has ended is there until init has seen to it, and does not. */
function isRunning(pid) {
  if (process.platform === 'win32') return exists(pid);
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.trim().startsWith('Z');
}

module.exports = { exists, isRunning };
