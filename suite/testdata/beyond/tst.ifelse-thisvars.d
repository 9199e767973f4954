/* args: -q */
/* differs:   */
BEGIN { this->x = 1; if (this->x == 1) { this->x = 2; } if (this->x == 2) { this->y = 5; } printf("%d %d\n", this->x, this->y); exit(0); }
