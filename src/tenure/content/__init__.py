"""What a message says and how it looks: templates in Liquid and Markdown, one layout, signed links, the wire form."""
