`init_task { }
