BEGIN { @a = strtok(); }
