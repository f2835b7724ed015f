"""Every figure that Tidemill claims, measured in one run beside a physical floor or a peer. Speed is never asserted: it is printed and kept."""
