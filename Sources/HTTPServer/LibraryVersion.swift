import CMicroHTTPD

/// The libmicrohttpd that is loaded, such as `0.9.75`.
package let libmicrohttpdVersion = String(cString: MHD_get_version())
