# 50 "foo" "bar"
BEGIN{ foo(); }
