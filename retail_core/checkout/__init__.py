"""A basket as the till hands it over, and the day it belongs to."""
