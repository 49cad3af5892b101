"""WeChat's official-account platform behind one adapter; the same code talks to the sandbox."""
