"""The ledger's simulator: stores, a cloud and bad luck, driven through the code that ships."""
