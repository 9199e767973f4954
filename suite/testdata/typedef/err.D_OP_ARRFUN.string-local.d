typedef string foo;
BEGIN { this->x = (foo)"abc"; }
