BEGIN { sym((char *)0); }
