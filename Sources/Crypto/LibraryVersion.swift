import COpenSSL

/// The OpenSSL that is loaded, such as `3.0.15`.
package let openSSLVersion = String(cString: OpenSSL_version(OPENSSL_VERSION_STRING))
