print("subgate")
