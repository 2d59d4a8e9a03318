/// For the tab of the browser: a turn that comes round, on the accent colour.
let iconText = """
    <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#2a5bd0"/>
    <path d="M23.5 16a7.5 7.5 0 1 1-2.4-5.5" fill="none" stroke="#ffffff" stroke-width="2.6" stroke-linecap="round"/>
    <path d="M25.4 7.2v6.2h-6.2z" fill="#ffffff"/></svg>

    """
