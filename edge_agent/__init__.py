"""The box in the shop: recognise, price, commit, publish."""
