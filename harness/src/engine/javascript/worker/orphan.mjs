// A thread that ends the process when whoever started it is gone: the script that
// runs may never come to an end.

const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, 500);
