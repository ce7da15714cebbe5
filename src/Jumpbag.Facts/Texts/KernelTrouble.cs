using System.Text.RegularExpressions;

namespace Jumpbag.Facts.Texts;

/// <summary>What a message of the kernel means to the one on call. The table goes from the worst to the least; the first that fits counts.</summary>
public static partial class KernelTrouble
{
    /// <param name="Kind">One word that stays the same.</param>
    public sealed record Meaning(string Kind, FactLevel Level, string? Next);

    private static readonly (Regex Text, Meaning Meaning)[] Table =
    [
        (Filesystem(), new("filesystem", FactLevel.Critical, "stop writing to it, copy what matters off; then jumpbag fsck")),
        (Machine(), new("hardware", FactLevel.Critical, "memory or CPU at fault: move the work to another machine")),
        (Medium(), new("medium", FactLevel.Critical, "jumpbag facts --only smart; copy it off while it still reads")),
        (Array(), new("array", FactLevel.Critical, "cat /proc/mdstat; mdadm --detail")),
        (Disk(), new("disk", FactLevel.Warning, "jumpbag facts --only disks,smart; cable, controller or disk")),
        (Memory(), new("oom", FactLevel.Critical, "what grew: ps aux --sort=-rss | head; journalctl -k -g oom")),
        (Crash(), new("oops", FactLevel.Critical, "the kernel is not to be trusted any more: plan a reboot")),
        (Stuck(), new("stuck", FactLevel.Warning, "which disk or server it waits for: cat /proc/PID/stack")),
        (Server(), new("server", FactLevel.Warning, "is the file server up? jumpbag facts --only network")),
        (Overflow(), new("conntrack", FactLevel.Critical, "sysctl net.netfilter.nf_conntrack_max; conntrack -S")),
        (Heat(), new("heat", FactLevel.Warning, "fans, dust, air; sensors")),
        (Link(), new("link", FactLevel.Warning, "cable, switch port: ethtool")),
        (Segment(), new("segfault", FactLevel.Warning, "jumpbag facts --only crashes")),
    ];

    /// <summary>Null of what has no meaning by itself; its priority tells then.</summary>
    public static Meaning? Of(string text)
    {
        foreach ((Regex pattern, Meaning meaning) in Table)
            if (pattern.IsMatch(text))
                return meaning;
        return null;
    }

    /// <summary>What the kernel adds at the same priority as the trouble before it.</summary>
    public static bool IsAdvice(string text) => text.Contains("disables this message", StringComparison.Ordinal);

    [GeneratedRegex(@"^EXT[234]-fs error|EXT4-fs .*(Remounting filesystem read-only|shut down requested|aborted journal|previous I/O error)|^JBD2: .*(error|Detected IO)|^Aborting journal|XFS.*(Corruption|Internal error|shut(ting)? ?down|metadata I/O error|log I/O error)|^BTRFS (critical|error)|BTRFS.*(forced readonly|checksum verify failed|csum failed)|F2FS-fs.*(inconsist|corrupt)", RegexOptions.IgnoreCase)]
    private static partial Regex Filesystem();

    [GeneratedRegex(@"Machine check|Hardware Error|mce: .*(error|event)|EDAC .*(UE|CE) |Uncorrected|PCIe Bus Error.*(Uncorrect|Fatal)", RegexOptions.IgnoreCase)]
    private static partial Regex Machine();

    [GeneratedRegex(@"Medium Error|Unrecovered read error|critical medium error|UNC at LBA|error: \{ UNC|Add\. Sense: .*(Unrecovered|Write error)", RegexOptions.IgnoreCase)]
    private static partial Regex Medium();

    [GeneratedRegex(@"^(md[/_:]|md\d|raid\d|md/raid).*(Disk failure|Operation continuing|not enough|Too many|faulty|kicking|cannot start|read error not correctable)|device-mapper: .*(raid|mirror).*(fail|error)|device-mapper: (thin|snapshots).*(out of|no free|Invalidating|failed|switching pool to (read-only|failure|out-of-data))|device-mapper: multipath.*Failing path", RegexOptions.IgnoreCase)]
    private static partial Regex Array();

    [GeneratedRegex(@"I/O error,? .*dev |Buffer I/O error|^ata\d+.*(failed command|exception Emask|hard resetting|SError|softreset failed|COMRESET failed|limiting SATA)|blk_update_request|nvme .*(timeout, |reset controller|Device not ready|controller is down|I/O Error)|lost page write|sd .*(rejecting I/O to offline|Device offlined|FAILED Result)|Synchronize Cache.*failed|task abort", RegexOptions.IgnoreCase)]
    private static partial Regex Disk();

    [GeneratedRegex(@"Out of memory|oom-kill|oom_reaper|invoked oom-killer|page allocation failure", RegexOptions.IgnoreCase)]
    private static partial Regex Memory();

    [GeneratedRegex(@"^BUG:|kernel BUG|^Oops|general protection fault|Unable to handle kernel|Kernel panic|soft lockup|hard LOCKUP|rcu.*(stall|self-detected)|NMI watchdog: (BUG|Watchdog detected)|list_(add|del) corruption", RegexOptions.IgnoreCase)]
    private static partial Regex Crash();

    [GeneratedRegex(@"blocked for more than \d+ seconds|hung_task: blocked", RegexOptions.IgnoreCase)]
    private static partial Regex Stuck();

    [GeneratedRegex(@"nfs: server .* (not responding|timed out)|CIFS.*(has not responded|reconnect)|ceph.*(hunting|lost)|libceph.*(down|socket closed)|rpc.*timed out|iscsi.*(timed out|connection error|session recovery)", RegexOptions.IgnoreCase)]
    private static partial Regex Server();

    [GeneratedRegex(@"nf_conntrack: .*table full|neighbou?r.*table overflow|possible SYN flooding", RegexOptions.IgnoreCase)]
    private static partial Regex Overflow();

    [GeneratedRegex(@"temperature above threshold|Critical temperature|thermal.*(critical|throttl)|cpu clock throttled", RegexOptions.IgnoreCase)]
    private static partial Regex Heat();

    [GeneratedRegex(@"(Link is Down|NIC Link is Down|carrier lost|transmit queue \d+ timed out|NETDEV WATCHDOG|link status definitely down)", RegexOptions.IgnoreCase)]
    private static partial Regex Link();

    [GeneratedRegex(@"segfault at|traps: .*(trap|general protection)|killed by (signal )?(11|SEGV)", RegexOptions.IgnoreCase)]
    private static partial Regex Segment();
}
