BEGIN { case 1: }
