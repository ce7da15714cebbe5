using System.Text;
using Jumpbag.Databases.Loading;

namespace Jumpbag.Tests.Unit.Loading;

public sealed class SessionFollowerTests
{
    [Theory]
    [InlineData("/*!40101 SET NAMES utf8mb4 */", "")]
    [InlineData("/*!40103 SET @OLD_TIME_ZONE=@@TIME_ZONE */", "")]
    [InlineData("/*!40103 SET TIME_ZONE='+00:00' */", "time_zone")]
    [InlineData("/*!40014 SET @OLD_UNIQUE_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0 */", "unique_checks")]
    [InlineData("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES'), @@session.time_zone := 'SYSTEM', @a = 1, LOCAL lock_wait_timeout=5", "sql_mode time_zone lock_wait_timeout")]
    [InlineData("SET @@SESSION.SQL_LOG_BIN= 0", "sql_log_bin")]
    [InlineData("SET @@foreign_key_checks=0", "foreign_key_checks")]
    public void the_variables_that_a_set_assigns_are_found(string sql, string names) =>
        Assert.Equal(names, string.Join(' ', SessionFollower.Assigned(Encoding.UTF8.GetBytes(sql))));
}
