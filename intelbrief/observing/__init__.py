"""What an operator watches: signs of life, figures for Prometheus, and errors reported outside."""
