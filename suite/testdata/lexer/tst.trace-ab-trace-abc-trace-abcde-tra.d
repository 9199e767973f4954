BEGIN { trace('ab'); trace('abc'); trace('abcde'); trace('\377'); trace('\x41'); trace('\n'); trace('\\'); trace('\''); exit(0); }
