/* args: -q */
BEGIN { a["k"] = "v"; b[a["k"]] = 1; printf("%d\n", b["v"]); @[a["k"]] = count(); a["e"] = ""; @[a["e"]] = count(); b[a["e"]] = 2; printf("%d\n", b[""]); exit(0); } ERROR { exit(1); }
