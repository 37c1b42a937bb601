"""A bar code scanner that is already there: members' codes stay here, everything else goes on."""
