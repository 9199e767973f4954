/* args: -q -e */
#pragma D option empty
