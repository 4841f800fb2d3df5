/**
 * The configuration of the demo's two directors: one virtual router with an address on either network.
 *
 * Text and not files, because a release has no other files; a test compares it with the files of `test/scenarios`.
 *
 * @since 0.1.0
 */

const configurationOf = (
  routerId: string,
  interfaceLine: string,
  state: "MASTER" | "BACKUP",
  priority: number
): string => `global_defs {
        router_id ${routerId}
}

vrrp_instance VI_1 {
        interface ${interfaceLine}
        state ${state}
        virtual_router_id 82
        priority ${priority}
        virtual_ipaddress {
                192.168.3.117/32 dev eth1
                172.168.0.7/32 dev eth0
        }
}

virtual_server_group VSG_3 {
        192.168.3.117 80
}


virtual_server group VSG_3 {
        delay_loop 6
        lb_algo wlc
        lb_kind NAT
        protocol TCP
        real_server 172.168.0.1 80 {
                weight 100
                TCP_CHECK {
                        connect_timeout 3
                        connect_port 80
                }
        }
        real_server 172.168.0.2 80 {
                weight 100
                TCP_CHECK {
                        connect_timeout 3
                        connect_port 80
                }
        }
}
`

/**
 * The director that goes first: priority 250.
 *
 * @category constants
 * @since 0.1.0
 */
export const LD1 = configurationOf("ld-1", "eth0 # send vrrp through eth0", "MASTER", 250)

/**
 * The director that goes second: priority 150.
 *
 * @category constants
 * @since 0.1.0
 */
export const LD2 = configurationOf("ld-2", "eth0", "BACKUP", 150)

/**
 * Returns a director's file for where IPVS may not be used.
 *
 * @category combinators
 * @since 0.1.0
 */
export const withNfTables = (text: string): string =>
  text.replace("global_defs {\n", "global_defs {\n        forwarding_plane nf_tables\n")
