import CCurl

/// The libcurl that is loaded, with what it speaks TLS by: `libcurl/7.88.1 OpenSSL/3.0.15 …`.
package let libcurlVersion = String(cString: curl_version())
