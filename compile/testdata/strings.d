BEGIN
{
	s = strjoin(execname, "-");
	s = strjoin(s, probename);
	t = strlen(s) > 4 ? substr(s, 1, 3) : "short";
	@[t, strjoin("a", "b")] = max(index(s, "x"));
	self->t = t;
	trace(self->t == s);
	trace(s == NULL);
	trace(self->t != NULL);
}
