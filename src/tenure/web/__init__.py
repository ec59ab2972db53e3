"""The pages: the dashboard for the business, and the links that its customers follow."""
