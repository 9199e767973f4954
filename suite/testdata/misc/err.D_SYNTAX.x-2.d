BEGIN { x == ; }
