"""What people see; each face may use every floor below, and no face another face."""
