"""What a customer will buy: BG/NBD, Gamma-Gamma, churn and the next purchase. Uses scipy: cloud."""
