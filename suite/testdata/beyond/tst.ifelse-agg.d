/* args: -q */
/* differs:   */
BEGIN
{
	if (1) { @a["then"] = count(); } else { @a["else"] = count(); }
	if (0) { @a["then"] = count(); } else { @a["else"] = count(); }
	exit(0);
}
