/// A certificate for the name `localhost` alone, valid for 100 years, with the authority that
/// signed it. Good for nothing but these tests: the authority's own key was thrown away.
enum TestCertificates {
    /// Signs the leaf.
    static let authority = """
        -----BEGIN CERTIFICATE-----
        MIIBojCCAUmgAwIBAgIUS3Aq5OJeF125mq9z2x8ZexgBFHEwCgYIKoZIzj0EAwIw
        HjEcMBoGA1UEAwwTV2VpciB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjMwMDEzNDBa
        GA8yMTI2MTAzMDAwMTM0MFowHjEcMBoGA1UEAwwTV2VpciB0ZXN0IGF1dGhvcml0
        eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABH6lr8fnoE7ffCe1eGR/j6vQG55A
        nJ6OMkgW+5Aqh37FNVrVhCUaEdITEygGWIN42a+LfKsE+LG7YlhHjOTiNTGjYzBh
        MB0GA1UdDgQWBBQcGWs4F5T2tPoKQGeAJoiVY5TkrzAfBgNVHSMEGDAWgBQcGWs4
        F5T2tPoKQGeAJoiVY5TkrzAPBgNVHRMBAf8EBTADAQH/MA4GA1UdDwEB/wQEAwIC
        BDAKBggqhkjOPQQDAgNHADBEAiBHKvS+JCgcITykog2JkHqPnEeJXY2dNTdadJg5
        d+D5LQIgaxexIXAp+b4BUiVnmSpme6CfTZj9FiaRgeNOEAv1TpQ=
        -----END CERTIFICATE-----
        """

    /// For `localhost`.
    static let leaf = """
        -----BEGIN CERTIFICATE-----
        MIIBrzCCAVSgAwIBAgIUK2cGxoOBawXmub9uAw/tCSfrBcIwCgYIKoZIzj0EAwIw
        HjEcMBoGA1UEAwwTV2VpciB0ZXN0IGF1dGhvcml0eTAgFw0yNjExMjMwMDEzNDBa
        GA8yMTI2MTAzMDAwMTM0MFowFDESMBAGA1UEAwwJbG9jYWxob3N0MFkwEwYHKoZI
        zj0CAQYIKoZIzj0DAQcDQgAE1UjOUhAadfLlZm36DKZimF+8BrWVFOOM0ohY44jM
        1rP93BQ8Xb51OcAJnMUyeI6FqTFYbvSUCNajkUDYd7e/zKN4MHYwFAYDVR0RBA0w
        C4IJbG9jYWxob3N0MAkGA1UdEwQCMAAwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYD
        VR0OBBYEFIfYwRJ19v5SZA28ulXVAVrEWRllMB8GA1UdIwQYMBaAFBwZazgXlPa0
        +gpAZ4AmiJVjlOSvMAoGCCqGSM49BAMCA0kAMEYCIQCITbysPxSp+oIi8xnSJ99g
        ZbRNEzdEQNfFRHlbjrAqbAIhAORAIIL4FtreoCcjyZUs9B9PbHe4MVFr9+P4leV1
        P7Um
        -----END CERTIFICATE-----
        """

    /// The leaf's.
    static let key = """
        -----BEGIN PRIVATE KEY-----
        MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgt6Ltqk4TtRltp66C
        A2YSHiSkv5pqV/ADwrbyjS57VSGhRANCAATVSM5SEBp18uVmbfoMpmKYX7wGtZUU
        44zSiFjjiMzWs/3cFDxdvnU5wAmcxTJ4joWpMVhu9JQI1qORQNh3t7/M
        -----END PRIVATE KEY-----
        """
}
