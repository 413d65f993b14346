"""xyk: a self-hosted exchange of constant-product pools with wallet-signed actions."""
