BEGIN { @a = count( }
