create_table :accounts
