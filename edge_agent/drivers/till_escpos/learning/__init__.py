"""From a few receipts of a till to the grammar that reads them; pure, arithmetic decides."""
