"""From labelled questions to the router's head. Commands: `molora router train` and `convert`."""
